"""One module a command of `nailfold`; each only reads its flags and calls the module that does the work."""
