{ self }:
let
  machines = self.clan.inventory.machines;
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  nixos = self.nixosConfigurations;
in
{
  "test sun has its tags" = {
    expr = lacking [ "nixos" "root" ] machines.sun.tags;
    expected = [ ];
  };
  "test sun has its class" = {
    expr = machines.sun.machineClass;
    expected = "nixos";
  };
  "test sun has its target host" = {
    expr = machines.sun.deploy.targetHost;
    expected = "root@sun.example.org";
  };
  "test sun has its host name" = {
    expr = nixos.sun.config.networking.hostName;
    expected = "sun";
  };
  "test sun has no global cudaSupport" = {
    expr = nixos.sun.config.nixpkgs.config.cudaSupport or nixos.sun.pkgs.config.cudaSupport or false;
    expected = false;
  };

  "test io has its tags" = {
    expr = lacking [ "nixos" "leaf" ] machines.io.tags;
    expected = [ ];
  };
  "test io has its class" = {
    expr = machines.io.machineClass;
    expected = "nixos";
  };
  "test io has its target host" = {
    expr = machines.io.deploy.targetHost;
    expected = "root@io.example.org";
  };
  "test io has its host name" = {
    expr = nixos.io.config.networking.hostName;
    expected = "io";
  };
  "test io has no global cudaSupport" = {
    expr = nixos.io.config.nixpkgs.config.cudaSupport or nixos.io.pkgs.config.cudaSupport or false;
    expected = false;
  };

  "test mac has its tags" = {
    expr = lacking [ "darwin" ] machines.mac.tags;
    expected = [ ];
  };
  "test mac has its class" = {
    expr = machines.mac.machineClass;
    expected = "darwin";
  };
  "test mac has its target host" = {
    expr = machines.mac.deploy.targetHost;
    expected = "admin@mac.local";
  };
}
