# What `make synth` and `make test` of this repository want.
{
  lib,
  mkShell,
  stdenv,
  chromium, # of Linux alone
  deadnix,
  git,
  gnumake,
  nixfmt,
  nodejs, # null, where nixpkgs has none that fits: make installs one
  openssh,
  opentofu,
  pre-commit,
  python3,
  shellcheck,
  zsh,
}:

mkShell {
  packages = [
    deadnix
    git
    gnumake
    nixfmt
    openssh
    opentofu
    pre-commit
    python3
    shellcheck
    zsh
  ]
  ++ lib.optional (nodejs != null) nodejs
  ++ lib.optional stdenv.hostPlatform.isLinux chromium;

  env = lib.optionalAttrs stdenv.hostPlatform.isLinux {
    # Wheels that make installs into .venv are linked with it.
    LD_LIBRARY_PATH = lib.makeLibraryPath [ stdenv.cc.cc.lib ];
  };

  # It would have .venv import nixpkgs' packages in place of its own.
  shellHook = "unset PYTHONPATH";
}
