"""ansible-vault: files and single values that are encrypted, and the passwords to them.

Encrypted text comes in with a `Vault` of passwords; its plain text leaves as a `Secret`, which masking knows. Open
`format.py` first.
"""
