{
  clan.inventory.machines = {
    sun = {
      tags = [
        "nixos"
        "root"
      ];
      machineClass = "nixos";
      deploy.targetHost = "root@sun.example.org";
    };
    io = {
      tags = [
        "nixos"
        "leaf"
      ];
      machineClass = "nixos";
      deploy.targetHost = "root@io.example.org";
    };
    mac = {
      tags = [ "darwin" ];
      machineClass = "darwin";
      deploy.targetHost = "admin@mac.local";
    };
  };
}
