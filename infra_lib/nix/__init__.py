"""The generated files of a fleet: one module for each, named after it, and a line in `all_files`.

A module has `files(fleet)`, a pure function that returns what goes to which default path, and
nothing when the fleet has no use for the file; and `PATH`, that path, where it is the same for
every fleet. What is the fleet's it finds out once, before it goes through the machines. It asks
the machine, or the machine's cloud (`infra_lib.clouds.cloud`), and knows no cloud itself.

Six modules are no files but what those share: `placement` says where files go, `style` whether they
are flake-parts modules or plain ones, `modules` what they import, `arguments` what they take, and
`from_root` how they write the paths that people give; and `concerned` says which machines a file
concerns.
"""
