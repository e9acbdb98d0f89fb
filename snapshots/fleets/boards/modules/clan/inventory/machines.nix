{
  clan.inventory.machines = {
    malachite = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (a3-highgpu-8g, 8x H100)";
      deploy.targetHost = "root@malachite.example.org";
    };
    azurite = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (a3-highgpu-1g, 1x H100)";
      deploy.targetHost = "root@azurite.example.org";
    };
    beryl = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (g4-standard-12, 1/4x RTX PRO 6000)";
      deploy.targetHost = "root@beryl.example.org";
    };
  };
}
