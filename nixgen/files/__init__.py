"""Generated files: what a source wants written, and the folder that it is written into.

Each module imports from those above it only.

What is written:
    paths: Which paths a generated file may have.
    values: What a source says goes into its files: Nix, text, regions of people's files.
    header: What a generated file says of itself: its source, its path, a digest.
    conflict: The markers that git leaves in a file that it could not merge.
    label: What a region says of itself.
    region: Finding and filling the marked regions of a file.
    region_fit: Whether Nix reads a file as it is meant when its regions are filled.

Where it comes from:
    isolation: Running people's code, so that it neither ends nor changes the command.
    source: Importing what `module:attribute` names, and explaining why that failed.
    rendered: A source's files as bytes.
    load: All of that in a process of its own.

The folder that it goes into:
    handles: Locking a folder and writing a new file, by handle.
    folder: Reading and searching a folder, through no symbolic link.
    rename: Renames that lose nothing.
    interruption: Holding back signals that would end the process.
    transaction: Writing and removing files, all or none.

The command:
    plan: How each file stands to what is generated.
    write: Making the folder hold what is generated.
    difference: What a write would change, as a unified diff.
    meaning: What files mean, so that those of people are compared with generated ones.
    settings: What `[tool.nixgen]` in pyproject.toml says.
    commands: What each command does and prints.
    cli: The command line.
"""
