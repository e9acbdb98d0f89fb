{ self }:
let
  machines = self.clan.inventory.machines;
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  nixos = self.nixosConfigurations;
in
{
  "test lorandite has its tags" = {
    expr = lacking [ "nixos" "cloud" "gcp" "gpu" ] machines.lorandite.tags;
    expected = [ ];
  };
  "test lorandite has its class" = {
    expr = machines.lorandite.machineClass;
    expected = "nixos";
  };
  "test lorandite has its target host" = {
    expr = machines.lorandite.deploy.targetHost;
    expected = "root@lorandite.example.org";
  };
  "test lorandite has its description" = {
    expr = machines.lorandite.description;
    expected = "GCP GPU node (g2-standard-4, 1x L4)";
  };
  "test lorandite has its host name" = {
    expr = nixos.lorandite.config.networking.hostName;
    expected = "lorandite";
  };
  "test lorandite has no global cudaSupport" = {
    expr =
      nixos.lorandite.config.nixpkgs.config.cudaSupport or nixos.lorandite.pkgs.config.cudaSupport
        or false;
    expected = false;
  };
  "test lorandite imports nvidia" = {
    expr = builtins.elem "nvidia" nixos.lorandite.config.services.xserver.videoDrivers;
    expected = true;
  };
  "test lorandite leaves datacenter.enable alone" = {
    expr = nixos.lorandite.config.hardware.nvidia.datacenter.enable or false;
    expected = false;
  };
  "test lorandite has its kernel module" = {
    expr = nixos.lorandite.config.hardware.nvidia.open;
    expected = true;
  };
  "test lorandite has its driver" = {
    expr = nixos.lorandite.config.hardware.nvidia.package.version;
    expected = nixos.lorandite.config.boot.kernelPackages.nvidiaPackages.production.version;
  };
  "test lorandite has its CUDA packages" = {
    expr = lacking [ "torch" "jax" "jaxlib" ] (
      builtins.concatMap (
        extension: extension.builtWithCuda or [ ]
      ) nixos.lorandite.pkgs.pythonPackagesExtensions
    );
    expected = [ ];
  };
}
