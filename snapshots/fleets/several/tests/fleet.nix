{ self }:
let
  machines = self.clan.inventory.machines;
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  nixos = self.nixosConfigurations;
in
{
  "test quartz has its tags" = {
    expr = lacking [ "nixos" "cloud" "gcp" "gpu" ] machines.quartz.tags;
    expected = [ ];
  };
  "test quartz has its class" = {
    expr = machines.quartz.machineClass;
    expected = "nixos";
  };
  "test quartz has its target host" = {
    expr = machines.quartz.deploy.targetHost;
    expected = "root@quartz.example.org";
  };
  "test quartz has its description" = {
    expr = machines.quartz.description;
    expected = "GCP GPU node (n1-standard-8, 4x T4)";
  };
  "test quartz has its host name" = {
    expr = nixos.quartz.config.networking.hostName;
    expected = "quartz";
  };
  "test quartz has no global cudaSupport" = {
    expr =
      nixos.quartz.config.nixpkgs.config.cudaSupport or nixos.quartz.pkgs.config.cudaSupport or false;
    expected = false;
  };
  "test quartz imports nvidia" = {
    expr = builtins.elem "nvidia" nixos.quartz.config.services.xserver.videoDrivers;
    expected = true;
  };
  "test quartz leaves datacenter.enable alone" = {
    expr = nixos.quartz.config.hardware.nvidia.datacenter.enable or false;
    expected = false;
  };
  "test quartz has its kernel module" = {
    expr = nixos.quartz.config.hardware.nvidia.open;
    expected = true;
  };
  "test quartz has its driver" = {
    expr = nixos.quartz.config.hardware.nvidia.package.version;
    expected = nixos.quartz.config.boot.kernelPackages.nvidiaPackages.production.version;
  };
  "test quartz has its CUDA packages" = {
    expr = lacking [ "torch" "vllm" "onnxruntime" ] (
      builtins.concatMap (
        extension: extension.builtWithCuda or [ ]
      ) nixos.quartz.pkgs.pythonPackagesExtensions
    );
    expected = [ ];
  };

  "test topaz has its tags" = {
    expr = lacking [ "nixos" "cloud" "gcp" "gpu" ] machines.topaz.tags;
    expected = [ ];
  };
  "test topaz has its class" = {
    expr = machines.topaz.machineClass;
    expected = "nixos";
  };
  "test topaz has its target host" = {
    expr = machines.topaz.deploy.targetHost;
    expected = "root@topaz.example.org";
  };
  "test topaz has its description" = {
    expr = machines.topaz.description;
    expected = "GCP GPU node (n1-standard-8, 2x T4)";
  };
  "test topaz has its host name" = {
    expr = nixos.topaz.config.networking.hostName;
    expected = "topaz";
  };
  "test topaz has no global cudaSupport" = {
    expr =
      nixos.topaz.config.nixpkgs.config.cudaSupport or nixos.topaz.pkgs.config.cudaSupport or false;
    expected = false;
  };
  "test topaz imports nvidia" = {
    expr = builtins.elem "nvidia" nixos.topaz.config.services.xserver.videoDrivers;
    expected = true;
  };
  "test topaz leaves datacenter.enable alone" = {
    expr = nixos.topaz.config.hardware.nvidia.datacenter.enable or false;
    expected = false;
  };
  "test topaz has its kernel module" = {
    expr = nixos.topaz.config.hardware.nvidia.open;
    expected = true;
  };
  "test topaz has its driver" = {
    expr = nixos.topaz.config.hardware.nvidia.package.version;
    expected = nixos.topaz.config.boot.kernelPackages.nvidiaPackages.production.version;
  };
  "test topaz has its CUDA packages" = {
    expr = lacking [ "torch" "vllm" "onnxruntime" ] (
      builtins.concatMap (
        extension: extension.builtWithCuda or [ ]
      ) nixos.topaz.pkgs.pythonPackagesExtensions
    );
    expected = [ ];
  };
}
