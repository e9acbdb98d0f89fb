{ config, ... }:
{
  clan.machines = {
    sun.imports = [ config.flake.modules.nixos."machines/nixos/sun" ];
    io.imports = [ config.flake.modules.nixos."machines/nixos/io" ];
    mac.imports = [ config.flake.modules.darwin."machines/darwin/mac" ];
  };
}
