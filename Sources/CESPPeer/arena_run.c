// Apart from arena.c, for not every chip's compiler comes with a setjmp.
#include <setjmp.h>

#include "arena.h"

typedef struct run {
  struct run *outer;
  arena *arena;
  jmp_buf place;
} run;

static PER_THREAD run *running;

static void leave_run(arena *refusing) {
  if (running != NULL && running->arena == refusing) longjmp(running->place, 1);
}

int arena_run(arena *a, int (*body)(void *), void *context) {
  run own;
  own.outer = running;
  own.arena = a;
  arena *const former = arena_enter(a);
  volatile int result = ARENA_EXHAUSTED;
  running = &own;
  arena_refused = leave_run;
  if (setjmp(own.place) == 0) result = body(context);
  running = own.outer;
  if (running == NULL) arena_refused = NULL;
  arena_leave(former);
  return result;
}
