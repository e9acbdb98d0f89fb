{ config, ... }:
{
  clan.machines = {
    sun.imports = [ config.flake.modules.nixos."machines/nixos/sun" or { } ];
    io.imports = [ config.flake.modules.nixos."machines/nixos/io" or { } ];
    mac.imports = [ config.flake.modules.darwin."machines/darwin/mac" or { } ];
  };
}
