{ self }:
let
  machines = self.clan.inventory.machines;
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  nixos = self.nixosConfigurations;
in
{
  "test anatase has its tags" = {
    expr = lacking [ "nixos" "cloud" "gcp" "gpu" ] machines.anatase.tags;
    expected = [ ];
  };
  "test anatase has its class" = {
    expr = machines.anatase.machineClass;
    expected = "nixos";
  };
  "test anatase has its target host" = {
    expr = machines.anatase.deploy.targetHost;
    expected = "root@anatase.example.org";
  };
  "test anatase has its description" = {
    expr = machines.anatase.description;
    expected = "GCP GPU node (a2-highgpu-4g, 4x A100)";
  };
  "test anatase has its host name" = {
    expr = nixos.anatase.config.networking.hostName;
    expected = "anatase";
  };
  "test anatase has no global cudaSupport" = {
    expr =
      nixos.anatase.config.nixpkgs.config.cudaSupport or nixos.anatase.pkgs.config.cudaSupport or false;
    expected = false;
  };
  "test anatase imports nvidia" = {
    expr = builtins.elem "nvidia" nixos.anatase.config.services.xserver.videoDrivers;
    expected = true;
  };
  "test anatase leaves datacenter.enable alone" = {
    expr = nixos.anatase.config.hardware.nvidia.datacenter.enable or false;
    expected = false;
  };
  "test anatase has its kernel module" = {
    expr = nixos.anatase.config.hardware.nvidia.open;
    expected = true;
  };
  "test anatase has its driver" = {
    expr = nixos.anatase.config.hardware.nvidia.package.version;
    expected = nixos.anatase.config.boot.kernelPackages.nvidiaPackages.latest.version;
  };
  "test anatase has its CUDA capabilities" = {
    expr =
      let
        given =
          nixos.anatase.config.nixpkgs.config.cudaCapabilities or nixos.anatase.pkgs.config.cudaCapabilities
            or [ ];
      in
      {
        lacking = lacking [ "8.0" "9.0" ] given;
        unasked = lacking given [
          "8.0"
          "9.0"
        ];
      };
    expected = {
      lacking = [ ];
      unasked = [ ];
    };
  };
}
