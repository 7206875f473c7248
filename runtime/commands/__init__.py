"""The commands of `regulars`: each module here has `register(cli)`, which adds its command or group.

A module imports at its top only what is light; what one command alone needs is imported inside it, so that `--help` and
`run` stay quick.
"""
