{ config, ... }:
{
  clan.machines = {
    quartz.imports = [ config.flake.modules.nixos."machines/nixos/quartz" ];
    topaz.imports = [ config.flake.modules.nixos."machines/nixos/topaz" ];
  };
}
