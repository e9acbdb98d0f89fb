{
  clan.inventory.machines = {
    lorandite = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (g2-standard-4, 1x L4)";
      deploy.targetHost = "root@lorandite.example.org";
    };
  };
}
