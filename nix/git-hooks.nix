# The hooks of .pre-commit-hooks.yaml for git-hooks.nix. One of the two will do:
# hooks = { inherit (import ./git-hooks.nix { inherit pkgs; }) nixgen; };
{
  pkgs,
  package ? pkgs.python3Packages.callPackage ./package.nix { },
  # As in check.nix.
  project ? ".",
  source ? null,
  root ? null,
}:

let
  inherit (pkgs) lib;

  hook = name: description: words: {
    inherit name description package;
    enable = true;
    entry =
      let
        command = import ./command.nix {
          inherit
            lib
            package
            root
            source
            words
            ;
        };
      in
      # pre-commit runs hooks at the top of the repository, and without a shell.
      if project == "." then
        command
      else
        lib.escapeShellArgs [
          "sh"
          "-c"
          "cd ${lib.escapeShellArg project} && exec ${command}"
        ];
    pass_filenames = false;
    always_run = true;
    require_serial = true;
  };
in
{
  nixgen = hook "nixgen" "Regenerates the Nix files; fails when that changed one." [
    "write"
    "--exit-code"
  ];
  nixgen-check =
    hook "nixgen check"
      "Fails when a generated Nix file is missing, differs, was edited by hand or is left over."
      [ "check" ];
}
