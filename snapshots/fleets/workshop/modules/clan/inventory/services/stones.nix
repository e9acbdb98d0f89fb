{ inputs, ... }:
{
  clan.inventory.instances.stones = {
    module = {
      name = "stones";
      input = "quarry";
    };
    roles.sharp.tags = {
      stationary = { };
      of-their-own = { };
    };
    roles.dull = {
      tags.still-linux = { };
      settings = inputs.quarry.settings;
    };
  };
}
