"""Commands about inventories and what is written in them: `inventory`, `explain`, `vault`.

The options `-i` and `-l` name the sources; hosts, groups, values with their origins, and encrypted files leave. Open
`inventory.py` first.
"""
