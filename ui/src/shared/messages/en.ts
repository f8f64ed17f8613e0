// English forms of the texts that count something; every other text is its own key.
import type { Forms } from './forms';

export const FORMS: Record<string, Forms> = {
  '{count} answers': { one: '{count} answer', other: '{count} answers' },
  '{count} statements': { one: '{count} statement', other: '{count} statements' },
  '{count} lines': { one: '{count} line', other: '{count} lines' },
  '{count} models': { one: '{count} model', other: '{count} models' },
  '{count} experiments': { one: '{count} experiment', other: '{count} experiments' },
  '{count} cells': { one: '{count} cell', other: '{count} cells' },
  '{count} requests': { one: '{count} request', other: '{count} requests' },
  '{count} rows': { one: '{count} row', other: '{count} rows' },
  'They cannot be told apart yet; about {count} more cases would tell.': {
    one: 'They cannot be told apart yet; about {count} more case would tell.',
    other: 'They cannot be told apart yet; about {count} more cases would tell.',
  },
  '{count} calls of a judge': { one: '{count} call of a judge', other: '{count} calls of a judge' },
  '{count} rows left, {voted} voted on.': {
    one: '{count} row left, {voted} voted on.',
    other: '{count} rows left, {voted} voted on.',
  },
  '{count} calls for blind answers are left out until you have voted.': {
    one: '{count} call for a blind answer is left out until you have voted.',
    other: '{count} calls for blind answers are left out until you have voted.',
  },
  'Your {count} prompts on {name}:': {
    one: 'Your {count} prompt on {name}:',
    other: 'Your {count} prompts on {name}:',
  },
  'Your {count} prompts on {topic}, on {name}:': {
    one: 'Your {count} prompt on {topic}, on {name}:',
    other: 'Your {count} prompts on {topic}, on {name}:',
  },
  '{won} % won, {tied} % ties, {lost} % lost in {count} duels,': {
    one: '{won} % won, {tied} % ties, {lost} % lost in {count} duel,',
    other: '{won} % won, {tied} % ties, {lost} % lost in {count} duels,',
  },
  'Measured: votes, and {paid} paid for {count} answers of other models.': {
    one: 'Measured: votes, and {paid} paid for {count} answer of other models.',
    other: 'Measured: votes, and {paid} paid for {count} answers of other models.',
  },
  '{count} answers without known tokens or cost are left out.': {
    one: '{count} answer without known tokens or cost is left out.',
    other: '{count} answers without known tokens or cost are left out.',
  },
  '{count} votes, {blind} of them blind. {position} {length}': {
    one: '{count} vote, {blind} of them blind. {position} {length}',
    other: '{count} votes, {blind} of them blind. {position} {length}',
  },
  '{count} days': { one: '{count} day', other: '{count} days' },
  '{count} conversations': { one: '{count} conversation', other: '{count} conversations' },
  '{count} messages': { one: '{count} message', other: '{count} messages' },
  '{count} were here already, {extended} had grown.': {
    one: '{count} was here already, {extended} had grown.',
    other: '{count} were here already, {extended} had grown.',
  },
  '{count} lines differ': { one: '{count} line differs', other: '{count} lines differ' },
  '{count} earlier turns': { one: '{count} earlier turn', other: '{count} earlier turns' },
  'saw its own {count} turns': {
    one: 'saw its own {count} turn',
    other: 'saw its own {count} turns',
  },
  'no best was picked: saw its own {count} turns': {
    one: 'no best was picked: saw its own {count} turn',
    other: 'no best was picked: saw its own {count} turns',
  },
  '{count} turns': { one: '{count} turn', other: '{count} turns' },
  '{count} matches': { one: '{count} match', other: '{count} matches' },
  '{count} words': { one: '{count} word', other: '{count} words' },
  '{count} tokens': { one: '{count} token', other: '{count} tokens' },
  '{count} files': { one: '{count} file', other: '{count} files' },
  '{count} failed and are left out.': {
    one: '{count} failed and is left out.',
    other: '{count} failed and are left out.',
  },
  'About {count} more duels between {first} and {second} would settle it.': {
    one: 'About {count} more duel between {first} and {second} would settle it.',
    other: 'About {count} more duels between {first} and {second} would settle it.',
  },
  '{count} providers': { one: '{count} provider', other: '{count} providers' },
  '{count} new prices': { one: '{count} new price', other: '{count} new prices' },
  '{count} attached files are damaged on the disk and are not in it.': {
    one: '{count} attached file is damaged on the disk and is not in it.',
    other: '{count} attached files are damaged on the disk and are not in it.',
  },
  '{count} endpoints': { one: '{count} endpoint', other: '{count} endpoints' },
  '{count} keys': { one: '{count} key', other: '{count} keys' },
  '{count} calls': { one: '{count} call', other: '{count} calls' },
  '{count} more rows are in the total. Export to see all of them.': {
    one: '{count} more row is in the total. Export to see all of them.',
    other: '{count} more rows are in the total. Export to see all of them.',
  },
  '{count} attempts': { one: '{count} attempt', other: '{count} attempts' },
  '{count} attempts without a count or a known price are left out.': {
    one: '{count} attempt without a count or a known price is left out.',
    other: '{count} attempts without a count or a known price are left out.',
  },
};
