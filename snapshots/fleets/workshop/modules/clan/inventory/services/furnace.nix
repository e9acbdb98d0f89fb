{ self, ... }:
{
  clan.inventory.instances.furnace = {
    module = {
      name = "@iron/heat";
      input = "self";
    };
    roles.default.machines.anvil.settings = {
      image = self.packages.x86_64-linux.image;
      skills = "${self}/skills";
      seal = ../../../../keys/smith.pub;
      limits = {
        low = 0.5;
        high = null;
        steps = [ { by = -1; } ];
      };
      "vault.example.org" = { };
    };
  };
}
