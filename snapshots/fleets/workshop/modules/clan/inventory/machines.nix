{
  clan.inventory.machines = {
    anvil = {
      tags = [
        "nixos"
        "server"
        "stationary"
      ];
      machineClass = "nixos";
      description = "Backups and builds";
      deploy = {
        targetHost = "root@anvil.example.org?ProxyJump=gate@bellows.example.org";
        buildHost = "root@bellows.example.org";
        forwardAgent = true;
      };
    };
    bellows = {
      tags = [
        "nixos"
        "server"
        "blower"
      ];
      machineClass = "nixos";
    };
    "2nd_Hammer" = {
      tags = [
        "nixos"
        "laptop"
      ];
      machineClass = "nixos";
      deploy.targetHost = "root@2nd_Hammer.iron.example";
    };
    "or" = {
      tags = [
        "nixos"
        "laptop"
      ];
      machineClass = "nixos";
    };
    chisel-air = {
      tags = [
        "darwin"
        "laptop"
        "stationary"
      ];
      machineClass = "darwin";
      deploy.targetHost = "smith@chisel-air.local:2222";
    };
  };
}
