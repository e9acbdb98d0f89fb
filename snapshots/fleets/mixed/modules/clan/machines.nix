{ config, ... }:
{
  clan.machines = {
    pitchblende.imports = [ config.flake.modules.nixos."machines/nixos/pitchblende" ];
    scheelite.imports = [ config.flake.modules.nixos."machines/nixos/scheelite" ];
  };
}
