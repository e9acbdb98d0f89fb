{ config, ... }:
{
  clan.machines = {
    anvil.imports = [ config.flake.modules.nixos."machines/nixos/anvil" ];
    bellows.imports = [ config.flake.modules.nixos."machines/nixos/bellows" or { } ];
    "2nd_Hammer".imports = [ config.flake.modules.nixos."machines/nixos/2nd_Hammer" or { } ];
    "or".imports = [ config.flake.modules.nixos."machines/nixos/or" or { } ];
    chisel-air.imports = [ config.flake.modules.darwin."machines/darwin/chisel-air" or { } ];
  };
}
