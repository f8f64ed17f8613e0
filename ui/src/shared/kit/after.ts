/**
 * Does something once every menu and dialog has gone. Two of them that hold the focus while one takes the
 * other's place hold it against each other from then on.
 */
export function afterOverlays(then: () => void): void {
  const look = () => {
    if (document.querySelector('[role=menu], [role=dialog]')) requestAnimationFrame(look);
    else setTimeout(then);
  };
  requestAnimationFrame(look);
}
