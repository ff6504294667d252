"""The schema changes in a live system: the next release, made as docs/how-to/add-a-field.md says, beside this one."""
