# Of nixpkgs, as a flake has it, what flake.nix and nix/ ask for, for tests that cannot fetch it.
# Each package is a derivation that nothing can build, and keeps the arguments that it was made of.
#
# https://github.com/NixOS/nixpkgs/blob/master/pkgs/development/interpreters/python
{
  systems ? [
    "aarch64-darwin"
    "aarch64-linux"
    "x86_64-linux"
  ],
  # What is different about the packages of a system.
  change ? _: _: { },
}:

let
  inherit (builtins)
    concatStringsSep
    filter
    functionArgs
    intersectAttrs
    isFunction
    isString
    length
    match
    removeAttrs
    replaceStrings
    split
    ;
  modules = import ../helpers/module_system.nix;

  lib = modules.lib // rec {
    addMetaAttrs = meta: package: package // { meta = package.meta or { } // meta; };
    concatMapStrings = change: list: concatStringsSep "" (map change list);
    escape = characters: replaceStrings characters (map (each: "\\${each}") characters);
    escapeShellArg =
      text:
      if match "[[:alnum:],._+:@%/-]+" text != null then
        text
      else
        "'${replaceStrings [ "'" ] [ "'\\''" ] text}'";
    escapeShellArgs = words: concatStringsSep " " (map escapeShellArg words);
    getExe' = package: name: "${package}/bin/${name}";
    init = list: map (index: builtins.elemAt list index) (builtins.genList (it: it) (length list - 1));
    licenses.mit.spdxId = "MIT";
    literalExpression = text: { inherit text; };
    makeBinPath = packages: concatStringsSep ":" (map (each: "${each}/bin") packages);
    makeLibraryPath = packages: concatStringsSep ":" (map (each: "${each}/lib") packages);
    mkOption =
      {
        type,
        description,
        ...
      }@said:
      assert description != "";
      removeAttrs said [
        "defaultText"
        "description"
        "example"
      ]
      // {
        inherit type;
      };
    splitString = by: text: filter isString (split by text);
    types = {
      inherit (modules.types)
        attrsOf
        bool
        listOf
        nullOr
        raw
        str
        ;
      package = modules.types.raw;
    };
  };

  packagesOf =
    system:
    let
      package =
        name: arguments:
        derivation {
          inherit name system;
          builder = "/bin/sh";
          args = [
            "-c"
            "exit 1"
          ];
        }
        // {
          inherit arguments;
          meta = arguments.meta or { };
        };
      named = names: lib.genAttrs names (name: package name { });

      # Arguments that a function has and nobody gave are from the set of packages.
      callWith =
        scope: made: given:
        let
          function = if isFunction made then made else import made;
        in
        function (intersectAttrs (functionArgs function) scope // given);

      python3Packages =
        named [
          "argcomplete"
          "attrs"
          "cattrs"
          "hatchling"
          "jinja2"
          "python-dateutil"
          "typing-extensions"
        ]
        // {
          buildPythonPackage = given: package "${given.pname}-${given.version}" given;
          callPackage = callWith (pkgs // python3Packages);
          fetchPypi = given: package "${given.pname}-${given.version}.whl" given;
          pythonOlder = _: false;
          toPythonApplication = made: made // { isApplication = true; };
        };

      plain =
        named [
          "chromium"
          "deadnix"
          "git"
          "gnumake"
          "nixfmt"
          "nodejs_22"
          "openssh"
          "opentofu"
          "pre-commit"
          "shellcheck"
          "zsh"
        ]
        // {
          inherit lib python3Packages system;
          callPackage = callWith pkgs;
          mkShell = package "shell";
          python3 = package "python3" { } // {
            pkgs = python3Packages;
            buildEnv.override = package "python3-env";
          };
          runCommand =
            name: given: script:
            package name (given // { inherit script; });
          stdenv = {
            hostPlatform.isLinux = match ".*-linux" system != null;
            cc.cc.lib = package "gcc-lib" { };
          };
          # Packages of nixpkgs that are called as arguments of ours are.
          root = throw "CERN's ROOT was taken for the folder of the files";
        };
      pkgs = plain // change system plain;
    in
    pkgs;
in
{
  inherit lib;
  legacyPackages = lib.genAttrs systems packagesOf;
}
