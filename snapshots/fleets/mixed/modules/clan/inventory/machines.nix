{
  clan.inventory.machines = {
    pitchblende = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (n1-standard-8, 1x P100)";
      deploy.targetHost = "root@pitchblende.example.org";
    };
    scheelite = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (n1-standard-8, 1x T4)";
      deploy.targetHost = "root@scheelite.example.org";
    };
  };
}
