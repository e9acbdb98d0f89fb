{ config, ... }:
{
  clan.machines = {
    lorandite.imports = [ config.flake.modules.nixos."machines/nixos/lorandite" ];
  };
}
