{
  clan = {
    inventory.machines.anvil.icon = "anvil.png";
  };
}
