# A module of flake-parts: checks the generated files, and has other tools leave them alone.
{
  lib,
  self,
  flake-parts-lib,
  ...
}:

let
  inherit (lib) mkOption types;
  generated = import ./generated-files.nix;

  # A path without "." and "..", or null where it leads out of the flake.
  normalized =
    path:
    builtins.foldl' (
      above: part:
      if above == null || part == "" || part == "." then
        above
      else if part != ".." then
        above ++ [ part ]
      else if above == [ ] then
        null
      else
        lib.init above
    ) [ ] (lib.splitString "/" path);

  enabled =
    description:
    mkOption {
      inherit description;
      type = types.bool;
      default = true;
      example = false;
    };
in
{
  options.perSystem = flake-parts-lib.mkPerSystemOption (
    {
      config,
      options,
      pkgs,
      ...
    }:
    let
      cfg = config.nixgen;
      given = {
        inherit pkgs;
        inherit (cfg)
          package
          project
          root
          source
          ;
      };

      # Where the files are, as `nixgen` finds out when no option says.
      settings =
        let
          path = "${self}/${cfg.project}/pyproject.toml";
        in
        if builtins.pathExists path then
          (builtins.fromTOML (builtins.readFile path)).tool.nixgen or { }
        else
          { };
      root = normalized "${cfg.project}/${if cfg.root == null then settings.root or "" else cfg.root}";
      prefix = lib.concatMapStrings (part: "${part}/") root;

      glob = lib.escape [
        "*"
        "?"
        "["
        "\\"
        "]"
        "{"
        "}"
      ];
    in
    {
      options.nixgen = {
        source = mkOption {
          description = "What generates the files; null is what pyproject.toml says.";
          type = types.nullOr types.str;
          default = null;
          example = "main:fleet";
        };
        root = mkOption {
          description = ''
            The folder that they go into, from that of the project; null is what pyproject.toml says.
          '';
          type = types.nullOr types.str;
          default = null;
          example = ".";
        };
        project = mkOption {
          description = "The folder with main.py and pyproject.toml, from the top of the flake.";
          type = types.str;
          default = ".";
          example = "infrastructure";
        };
        package = mkOption {
          description = "The package with the command nixgen.";
          type = types.package;
          default = pkgs.python3Packages.callPackage ./package.nix { };
          defaultText = lib.literalExpression "infra-lib, with the Python of pkgs";
        };
        files = mkOption {
          description = ''
            The paths of the generated files, from the top of the flake: what formatters are to
            leave alone. By default those ending in .nix or .md that say in their first line that
            they are generated.
          '';
          type = types.listOf types.str;
          default =
            if root == null || !builtins.pathExists "${self}/${prefix}" then
              [ ]
            else
              generated.find prefix "${self}/${prefix}";
          defaultText = lib.literalExpression "those that are found";
        };
        check.enable = enabled "Whether `nix flake check` runs `nixgen check`.";
        treefmt.enable = enabled ''
          Whether treefmt leaves the files alone, where the module of treefmt-nix is imported.
        '';
        pre-commit.enable = enabled ''
          Whether commits run the hook nixgen, where the module of git-hooks.nix is imported.
        '';
      };

      config = lib.mkMerge [
        {
          checks = lib.mkIf cfg.check.enable {
            nixgen = import ./check.nix (given // { src = self; });
          };
        }
        (lib.optionalAttrs (options ? treefmt) {
          treefmt.settings.global.excludes = lib.mkIf cfg.treefmt.enable (map glob cfg.files);
        })
        (lib.optionalAttrs (options ? pre-commit) {
          pre-commit.settings.hooks = lib.mkIf cfg.pre-commit.enable {
            inherit (import ./git-hooks.nix given) nixgen;
          };
        })
      ];
    }
  );
}
