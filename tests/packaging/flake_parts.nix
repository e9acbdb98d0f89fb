# As much of flake-parts, treefmt-nix and git-hooks.nix as nix/flake-module.nix meets, for tests that
# cannot fetch them:
# https://github.com/hercules-ci/flake-parts/blob/main/lib.nix
# https://github.com/numtide/treefmt-nix/blob/main/flake-module.nix
# https://github.com/cachix/git-hooks.nix/blob/master/flake-module.nix
# https://github.com/cachix/git-hooks.nix/blob/master/modules/hook.nix
{ nixpkgs }:

let
  inherit (builtins)
    concatMap
    foldl'
    isAttrs
    isFunction
    isPath
    mapAttrs
    ;
  inherit (nixpkgs) lib;
  inherit (import ../helpers/module_system.nix)
    evaluated
    flatten
    option
    types
    withDefault
    ;
  inherit (types)
    attrsOf
    bool
    listOf
    raw
    str
    submodule
    ;

  call = module: arguments: if isFunction module then module arguments else module;
  merge =
    left: right:
    left
    // mapAttrs (
      name: value: if isAttrs value && left ? ${name} then merge left.${name} value else value
    ) right;

  # What modules of a flake say of each system, with their imports.
  aboutSystems =
    self: module:
    let
      said = call (if isPath module then import module else module) {
        inherit lib self;
        flake-parts-lib.mkPerSystemOption = declared: declared;
      };
    in
    concatMap (aboutSystems self) (said.imports or [ ])
    ++ lib.optional (said ? options.perSystem) said.options.perSystem
    ++ lib.optional (said ? perSystem) said.perSystem;

  core = {
    options = {
      checks = withDefault (attrsOf raw) { };
      devShells = withDefault (attrsOf raw) { };
    };
    config = { };
  };
in
{
  # The configuration of each system.
  mkFlake =
    { inputs }:
    module:
    let
      modules = [ core ] ++ aboutSystems inputs.self module;
      perSystem =
        system:
        let
          arguments = {
            inherit
              config
              lib
              options
              system
              ;
            pkgs = nixpkgs.legacyPackages.${system};
          };
          options = foldl' merge { } (map (each: (call each arguments).options or { }) modules);
          config = evaluated [ ] options null (
            flatten arguments (
              map (value: {
                inherit value;
                file = "a module";
              }) modules
            )
          );
        in
        config;
    in
    lib.genAttrs module.systems perSystem;

  treefmt.options.perSystem = _: {
    options.treefmt = {
      programs = withDefault (attrsOf (submodule {
        options = _: { enable = withDefault bool false; };
      })) { };
      settings.global.excludes = withDefault (listOf str) [ ];
    };
    config = { };
  };

  gitHooks.options.perSystem = _: {
    options.pre-commit = {
      devShell = withDefault raw "the shell that installs the hooks";
      settings.hooks = withDefault (attrsOf (submodule {
        options = name: {
          enable = withDefault bool false;
          name = withDefault str name;
          description = withDefault str "";
          package = withDefault raw null;
          entry = option str;
          pass_filenames = withDefault bool true;
          always_run = withDefault bool false;
          require_serial = withDefault bool false;
          stages = withDefault (listOf str) [ "pre-commit" ];
        };
      })) { };
    };
    config = { };
  };
}
