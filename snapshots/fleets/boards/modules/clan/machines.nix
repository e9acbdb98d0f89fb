{ config, ... }:
{
  clan.machines = {
    malachite.imports = [ config.flake.modules.nixos."machines/nixos/malachite" ];
    azurite.imports = [ config.flake.modules.nixos."machines/nixos/azurite" ];
    beryl.imports = [ config.flake.modules.nixos."machines/nixos/beryl" ];
  };
}
