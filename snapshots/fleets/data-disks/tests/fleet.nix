{ self }:
let
  machines = self.clan.inventory.machines;
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  nixos = self.nixosConfigurations;
in
{
  "test galena has its tags" = {
    expr = lacking [ "nixos" "cloud" "gcp" ] machines.galena.tags;
    expected = [ ];
  };
  "test galena has its class" = {
    expr = machines.galena.machineClass;
    expected = "nixos";
  };
  "test galena has its target host" = {
    expr = machines.galena.deploy.targetHost;
    expected = "root@galena.example.org";
  };
  "test galena has its description" = {
    expr = machines.galena.description;
    expected = "GCP node (e2-standard-8)";
  };
  "test galena has its host name" = {
    expr = nixos.galena.config.networking.hostName;
    expected = "galena";
  };
  "test galena has no global cudaSupport" = {
    expr =
      nixos.galena.config.nixpkgs.config.cudaSupport or nixos.galena.pkgs.config.cudaSupport or false;
    expected = false;
  };
}
