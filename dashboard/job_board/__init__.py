"""The Jobs page: everything that waits, works or has ended, of all who use this workspace; the trash."""
