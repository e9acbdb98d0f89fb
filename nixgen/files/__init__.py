"""Generated files: what a source wants written, and the folder that it is written into."""
