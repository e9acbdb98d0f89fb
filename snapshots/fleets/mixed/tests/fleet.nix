{ self }:
let
  machines = self.clan.inventory.machines;
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  nixos = self.nixosConfigurations;
in
{
  "test pitchblende has its tags" = {
    expr = lacking [ "nixos" "cloud" "gcp" "gpu" ] machines.pitchblende.tags;
    expected = [ ];
  };
  "test pitchblende has its class" = {
    expr = machines.pitchblende.machineClass;
    expected = "nixos";
  };
  "test pitchblende has its target host" = {
    expr = machines.pitchblende.deploy.targetHost;
    expected = "root@pitchblende.example.org";
  };
  "test pitchblende has its description" = {
    expr = machines.pitchblende.description;
    expected = "GCP GPU node (n1-standard-8, 1x P100)";
  };
  "test pitchblende has its host name" = {
    expr = nixos.pitchblende.config.networking.hostName;
    expected = "pitchblende";
  };
  "test pitchblende has no global cudaSupport" = {
    expr =
      nixos.pitchblende.config.nixpkgs.config.cudaSupport or nixos.pitchblende.pkgs.config.cudaSupport
        or false;
    expected = false;
  };
  "test pitchblende imports nvidia" = {
    expr = builtins.elem "nvidia" nixos.pitchblende.config.services.xserver.videoDrivers;
    expected = true;
  };
  "test pitchblende leaves datacenter.enable alone" = {
    expr = nixos.pitchblende.config.hardware.nvidia.datacenter.enable or false;
    expected = false;
  };
  "test pitchblende has its kernel module" = {
    expr = nixos.pitchblende.config.hardware.nvidia.open;
    expected = false;
  };
  "test pitchblende has its driver" = {
    expr = nixos.pitchblende.config.hardware.nvidia.package.version;
    expected =
      (nixos.pitchblende.config.boot.kernelPackages.nvidiaPackages.legacy_580
        or nixos.pitchblende.config.boot.kernelPackages.nvidiaPackages.production
      ).version;
  };
  "test pitchblende has a driver from before 590" = {
    expr = builtins.compareVersions nixos.pitchblende.config.hardware.nvidia.package.version "590";
    expected = -1;
  };
  "test pitchblende has its CUDA capabilities" = {
    expr =
      let
        given =
          nixos.pitchblende.config.nixpkgs.config.cudaCapabilities
            or nixos.pitchblende.pkgs.config.cudaCapabilities or [ ];
      in
      {
        lacking = lacking [ "6.0" "7.5" ] given;
        unasked = lacking given [
          "6.0"
          "7.5"
        ];
      };
    expected = {
      lacking = [ ];
      unasked = [ ];
    };
  };
  "test pitchblende has its CUDA packages" = {
    expr = lacking [ "torch" "jax" "jaxlib" ] (
      builtins.concatMap (
        extension: extension.builtWithCuda or [ ]
      ) nixos.pitchblende.pkgs.pythonPackagesExtensions
    );
    expected = [ ];
  };

  "test scheelite has its tags" = {
    expr = lacking [ "nixos" "cloud" "gcp" "gpu" ] machines.scheelite.tags;
    expected = [ ];
  };
  "test scheelite has its class" = {
    expr = machines.scheelite.machineClass;
    expected = "nixos";
  };
  "test scheelite has its target host" = {
    expr = machines.scheelite.deploy.targetHost;
    expected = "root@scheelite.example.org";
  };
  "test scheelite has its description" = {
    expr = machines.scheelite.description;
    expected = "GCP GPU node (n1-standard-8, 1x T4)";
  };
  "test scheelite has its host name" = {
    expr = nixos.scheelite.config.networking.hostName;
    expected = "scheelite";
  };
  "test scheelite has no global cudaSupport" = {
    expr =
      nixos.scheelite.config.nixpkgs.config.cudaSupport or nixos.scheelite.pkgs.config.cudaSupport
        or false;
    expected = false;
  };
  "test scheelite imports nvidia" = {
    expr = builtins.elem "nvidia" nixos.scheelite.config.services.xserver.videoDrivers;
    expected = true;
  };
  "test scheelite leaves datacenter.enable alone" = {
    expr = nixos.scheelite.config.hardware.nvidia.datacenter.enable or false;
    expected = false;
  };
  "test scheelite has its kernel module" = {
    expr = nixos.scheelite.config.hardware.nvidia.open;
    expected = true;
  };
  "test scheelite has its driver" = {
    expr = nixos.scheelite.config.hardware.nvidia.package.version;
    expected =
      (nixos.scheelite.config.boot.kernelPackages.nvidiaPackages.legacy_580
        or nixos.scheelite.config.boot.kernelPackages.nvidiaPackages.production
      ).version;
  };
  "test scheelite has its CUDA packages" = {
    expr = lacking [ "torch" "jax" "jaxlib" ] (
      builtins.concatMap (
        extension: extension.builtWithCuda or [ ]
      ) nixos.scheelite.pkgs.pythonPackagesExtensions
    );
    expected = [ ];
  };
}
