{
  clan.inventory.instances.tor-of-laptops = {
    module.name = "tor";
    roles.client.tags.laptop = { };
  };
}
