{ config, inputs, ... }:
let
  flakeModules = config.flake.modules.nixos;
in
{
  flake.modules.nixos."machines/nixos/anvil" =
    { lib, ... }:
    {
      imports = [
        flakeModules.base
        inputs.srvos.nixosModules.server
        # What the fleet says of this machine alone.
        { services.openssh.enable = true; }
      ];

      nixpkgs.hostPlatform = "x86_64-linux";
      # The release it was installed with; upgrading nixpkgs does not change it.
      system.stateVersion = "25.11";

      networking.hostName = lib.mkDefault "anvil";
    };
}
