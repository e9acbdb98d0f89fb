{
  clan.inventory.machines = {
    galena = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
      ];
      machineClass = "nixos";
      description = "GCP node (e2-standard-8)";
      deploy.targetHost = "root@galena.example.org";
    };
  };
}
