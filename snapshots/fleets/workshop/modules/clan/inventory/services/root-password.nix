{
  clan.inventory.instances.root-password = {
    module.name = "users";
    roles.default = {
      tags.nixos = { };
      settings = {
        user = "root";
        groups = [ ];
        prompt = false;
      };
    };
  };
}
