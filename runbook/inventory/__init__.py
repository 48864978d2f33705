"""Inventories as Ansible reads them: files, folders and scripts become hosts and groups with their variables."""
