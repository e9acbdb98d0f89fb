{
  description = "Describe a fleet once; emit CDKTF stacks for Google Cloud and Hetzner Cloud, and Nix files for a clan repository.";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;

      # nixpkgs drops a system now and then.
      systems = builtins.filter (system: nixpkgs.legacyPackages ? ${system}) [
        "aarch64-darwin"
        "aarch64-linux"
        "x86_64-darwin"
        "x86_64-linux"
      ];
      forEachSystem =
        make: lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system} self.packages.${system});

      infra-lib = pkgs: pkgs.python3Packages.callPackage ./nix/package.nix { };

      # CDKTF runs on Node.js 20 and 22. What nixpkgs has removed is an error or not there at all.
      nodejs =
        pkgs:
        let
          found = builtins.tryEval (pkgs.nodejs_22 or null);
        in
        if found.success then found.value else null;
    in
    {
      packages = forEachSystem (
        pkgs: _:
        {
          default = infra-lib pkgs;
        }
        // lib.optionalAttrs (nodejs pkgs != null) {
          with-cdktf = pkgs.callPackage ./nix/with-cdktf.nix { };
        }
      );

      apps = forEachSystem (
        _: packages:
        let
          app = name: description: {
            type = "app";
            program = lib.getExe' packages.default name;
            meta = { inherit description; };
          };
          infra = app "infra" "Show, price and deploy a fleet";
        in
        {
          inherit infra;
          default = infra;
          nixgen = app "nixgen" "Write and check the generated Nix files";
        }
      );

      checks = forEachSystem (
        pkgs: packages: {
          package = packages.default;
          nixgen = self.lib.check {
            inherit pkgs;
            src = self;
          };
        }
      );

      devShells = forEachSystem (
        pkgs: _: {
          default = pkgs.callPackage ./nix/dev-shell.nix { nodejs = nodejs pkgs; };
        }
      );

      overlays.default = final: prev: {
        pythonPackagesExtensions = prev.pythonPackagesExtensions ++ [
          (python: _: { infra-lib = python.callPackage ./nix/package.nix { }; })
        ];
        infra-lib = final.python3Packages.toPythonApplication final.python3Packages.infra-lib;
      };

      flakeModules.default = ./nix/flake-module.nix;

      lib = {
        check = import ./nix/check.nix;
        gitHooks = import ./nix/git-hooks.nix;
      };
    };
}
