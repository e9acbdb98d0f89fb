{ config, ... }:
{
  clan.machines = {
    galena.imports = [ config.flake.modules.nixos."machines/nixos/galena" ];
  };
}
