{
  clan.inventory.machines = {
    anatase = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      machineClass = "nixos";
      description = "GCP GPU node (a2-highgpu-4g, 4x A100)";
      deploy.targetHost = "root@anatase.example.org";
    };
  };
}
