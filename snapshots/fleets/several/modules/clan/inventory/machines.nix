{
  clan.inventory.machines = {
    quartz = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (n1-standard-8, 4x T4)";
      deploy.targetHost = "root@quartz.example.org";
    };
    topaz = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (n1-standard-8, 2x T4)";
      deploy.targetHost = "root@topaz.example.org";
    };
  };
}
