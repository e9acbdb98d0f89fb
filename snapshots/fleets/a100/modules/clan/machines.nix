{ config, ... }:
{
  clan.machines = {
    anatase.imports = [ config.flake.modules.nixos."machines/nixos/anatase" ];
  };
}
