# What a shell runs for `nixgen <words> [source] [--root root]`.
{
  lib,
  package,
  words,
  source,
  root,
}:

lib.escapeShellArgs (
  [ "${package}/bin/nixgen" ]
  ++ words
  ++ lib.optional (source != null) source
  ++ lib.optionals (root != null) [
    "--root"
    root
  ]
)
