#include "platform.h"

void say(const char *text) {
  size_t size = 0;
  while (text[size] != 0) size++;
  platform_write(text, size);
}

void say_number(const char *text, uint32_t number) {
  char digits[12];
  size_t place = sizeof digits;
  digits[--place] = '\n';
  do {
    digits[--place] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  say(text);
  platform_write(digits + place, sizeof digits - place);
}
