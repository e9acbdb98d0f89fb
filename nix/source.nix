# What the package is built from, and nothing else: no other change builds it anew.
let
  root = toString ../.;
  kept = [
    "LICENSE"
    "README.md"
    "infra_lib"
    "nixgen"
    "pyproject.toml"
  ];
  # Of the files in the checkout, the first part of the path from its top.
  top =
    path:
    builtins.head (
      builtins.split "/" (
        builtins.substring (builtins.stringLength root + 1) (builtins.stringLength path) path
      )
    );
in
builtins.path {
  name = "infra-lib-source";
  path = ../.;
  filter = path: _: builtins.elem (top path) kept && baseNameOf path != "__pycache__";
}
