{ self }:
let
  # What the fleet says of each machine.
  machines = {
    anvil = {
      tags = [
        "nixos"
        "server"
        "stationary"
      ];
      description = "Backups and builds";
      targetHost = "root@anvil.example.org?ProxyJump=gate@bellows.example.org";
    };
    bellows = {
      tags = [
        "nixos"
        "server"
        "blower"
      ];
      targetHost = null;
    };
    "2nd_Hammer" = {
      tags = [
        "nixos"
        "laptop"
      ];
    };
    "or" = {
      tags = [
        "nixos"
        "laptop"
      ];
      targetHost = null;
    };
    chisel-air = {
      class = "darwin";
      tags = [
        "darwin"
        "laptop"
        "stationary"
      ];
      targetHost = "smith@chisel-air.local:2222";
    };
  };

  # What one list has and another has not.
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  when = condition: tests: if condition then tests else { };

  # The tests of one machine.
  testsOf =
    name: said:
    let
      class = said.class or "nixos";
      machine = self.clan.inventory.machines.${name};
      nixos = self.nixosConfigurations.${name};
      # What nixpkgs is configured with, by the machine or by who made its packages.
      nixpkgs =
        option: default: nixos.config.nixpkgs.config.${option} or nixos.pkgs.config.${option} or default;
    in
    {
      "test ${name} has its tags" = {
        expr = lacking said.tags machine.tags;
        expected = [ ];
      };
      "test ${name} has its class" = {
        expr = machine.machineClass;
        expected = class;
      };
      "test ${name} has its target host" = {
        expr = machine.deploy.targetHost or null;
        expected = said.targetHost or "root@${name}.iron.example";
      };
    }
    // when (said ? description) {
      "test ${name} has its description" = {
        expr = machine.description;
        expected = said.description;
      };
    }
    // when (class == "nixos") {
      "test ${name} has its host name" = {
        expr = nixos.config.networking.hostName;
        expected = name;
      };
      "test ${name} has no global cudaSupport" = {
        expr = nixpkgs "cudaSupport" false;
        expected = false;
      };
    };

  # The tests of what they share.
  clanTests = {
    "test clan has its name" = {
      expr = self.clan.inventory.meta.name;
      expected = "Iron_works";
    };
    "test clan has its services" =
      let
        modules = {
          bench = "zerotier";
          user-smith = "users";
          root-password = "users";
          internet = "internet";
          backups = "borgbackup";
          furnace = "@iron/heat";
          tor = "tor";
          tor-of-laptops = "tor";
          stones = "stones";
        };
      in
      {
        expr = builtins.mapAttrs (
          name: _: self.clan.inventory.instances.${name}.module.name or null
        ) modules;
        expected = modules;
      };
  };
in
builtins.zipAttrsWith (_: builtins.head) (
  [ clanTests ] ++ builtins.attrValues (builtins.mapAttrs testsOf machines)
)
