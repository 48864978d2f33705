"""What running steps print. Bytes come in from a kind, and leave it as lines to show and as files that hold all of it.

Open `step_output` first: it puts the other two together for one attempt. Secrets are taken out here.
"""
