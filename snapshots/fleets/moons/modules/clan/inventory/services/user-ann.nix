{
  clan.inventory.instances.user-ann = {
    module.name = "users";
    roles.default = {
      tags.nixos = { };
      settings = {
        user = "ann";
        share = false;
        prompt = false;
      };
    };
  };
}
