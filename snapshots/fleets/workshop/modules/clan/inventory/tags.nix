{
  clan.inventory.tags =
    { config, ... }:
    {
      stationary = [
        "anvil"
        "chisel-air"
      ];
      still-linux = builtins.filter (name: builtins.elem name config.nixos) config.stationary;
    };
}
