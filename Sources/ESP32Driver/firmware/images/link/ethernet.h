#pragma once
// An interface of lwIP on the machine's Ethernet. 0: it is up.
int ethernet_start(void);
// Passes on what has come.
void ethernet_poll(void);
